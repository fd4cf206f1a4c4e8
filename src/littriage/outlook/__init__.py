"""Where a share goes from here, as a calibrated probability learned from what became of past topics."""
