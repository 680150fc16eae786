"""What whoever runs the machine does where nobody of a township can help any more."""
