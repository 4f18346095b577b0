"""What everyone may see: panels, badges, the status page.

All of it is made of `Facts` alone, which hold nothing internal.
"""
