-- Drops every play.
DROP TABLE public.listens;
