print("{\"unsupported\":true}")
