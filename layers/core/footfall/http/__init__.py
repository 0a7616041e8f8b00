"""HTTP: applications that answer as the contract says, and their way into Lambda."""
