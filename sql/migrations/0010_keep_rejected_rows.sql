-- New column; older code keeps working. Where a file's first hundred rejected rows stand: [[row, reason], …].
ALTER TABLE public.upload_files ADD COLUMN rejected_rows jsonb NOT NULL DEFAULT '[]';
