"""Campaigns: many seeds, on many processors or a cluster, that can be killed and go on."""
