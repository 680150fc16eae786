"""人员账号: people who work for the township, their duties, and the accounts that they log in with."""
