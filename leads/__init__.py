"""Us giving dialers: leads into campaigns, commands to campaigns, statuses written back."""

from leads.sending import send_due

__all__ = ["send_due"]
