"""HTTP to the outside: hosts that may be asked, checked addresses, limits on time and size."""
