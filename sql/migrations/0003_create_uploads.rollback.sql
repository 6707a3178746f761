-- Drops every upload and the bytes of files that are still to be read.
DROP TABLE public.upload_file_chunks, public.upload_files, public.upload_jobs;
