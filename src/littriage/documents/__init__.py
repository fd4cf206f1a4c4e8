"""Documents: decoded, cut into sections with their authors and dates, and searched for known directions."""
