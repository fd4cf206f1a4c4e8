"""How good the outlook is: past topics, forecast with what was known then, beside what became of them."""
