"""The public link of an event, `/go/<event>`: where it leads, and its page, badge, QR code and data."""
