-- Drops the places of rejected rows.
ALTER TABLE public.upload_files DROP COLUMN rejected_rows;
