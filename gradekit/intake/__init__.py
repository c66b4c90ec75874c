"""What people hand in, made safe and plain: files to cells, folders and zips to answers."""
