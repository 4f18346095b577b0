"""How the config file is read, checked and described; what is in it is in `probes.settings`."""
