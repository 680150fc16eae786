"""What is installed and what an image holds, examined without any server: `make audit`, `make audit-image`."""
