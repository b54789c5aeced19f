"""One module per public face; the command line and the API call nothing else."""
