"""The API's single door: requests for the services, forwarded with the gateway's word for who asks."""
