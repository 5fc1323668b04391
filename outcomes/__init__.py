"""The core: receipts become events, events become outcomes. The only writer of the outcome table."""
