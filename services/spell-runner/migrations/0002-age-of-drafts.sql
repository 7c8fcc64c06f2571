-- Drafts of runs that are gone are removed, though never one that a run is just beginning with.
alter table drafts add column created_at timestamptz not null default now();
create index runs_by_draft on runs (draft) where draft is not null;
