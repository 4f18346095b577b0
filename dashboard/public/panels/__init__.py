"""Panels: each service's facts as cards and badges, drawn as pages, pictures and data, by their addresses."""
