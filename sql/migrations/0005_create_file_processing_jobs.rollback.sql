-- Nothing is lost: the view holds no data.
DROP VIEW public.file_processing_jobs;
