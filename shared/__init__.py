"""What all services share: few, small, deep modules, and the models and messages. Imports no service."""
