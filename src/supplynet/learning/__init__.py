"""What forecasters and detectors share: windows, training loops, artifacts."""
