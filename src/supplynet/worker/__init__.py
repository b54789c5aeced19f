"""The live loop, the job runner, the schedule."""
