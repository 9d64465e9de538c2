"H1 the plain way: a histogram for each channel; spikes before zero are in none of its bins."
from plain import NWB_UNITS_DAMAGES, default_counts, nwb_spike_times, published_counts, silence_nwb_unit


def published(path): return published_counts(nwb_spike_times(path))


def default(path): return default_counts(nwb_spike_times(path))


def silence(path): silence_nwb_unit(path)


DAMAGES = NWB_UNITS_DAMAGES()
