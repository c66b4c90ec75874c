"""Tests of other systems, run as they are: what attacks on imported courses aim at."""
