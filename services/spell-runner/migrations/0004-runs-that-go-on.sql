-- A journal is kept as it was committed: a row for each batch, with its entries as texts, one a line (an entry is one line of JSON). To store a row and two
-- index keys for each entry took most of the time of a commit. Nothing here looks into entries. Batches come in by one function alone, and only for
-- runs that are there; what removes runs removes their batches.
create table batches (
  run text not null,
  first_seq bigint not null,
  last_seq bigint not null,
  texts text not null,
  primary key (run, first_seq)
);
-- To compress a large batch would hold everybody else up.
alter table batches alter column texts set storage external;
insert into batches
  select run, min(seq), max(seq), string_agg(entry::text, E'\n' order by seq) from entries group by run, (seq - 1) / 500;
drop table entries;

-- How a run was started beside its inputs (services/spell-runner/runs/mode.ts): what resuming it needs.
alter table runs add column mode json not null default '{}';
-- A run that waits or is paused is put aside: nobody has it until this moment (milliseconds since 1970; the largest: until it is asked). 0: it is awake.
alter table runs add column asleep_until bigint not null default 0;
create index runs_asleep on runs (asleep_until) where ended_at = 0 and asleep_until > 0;

-- Values of entries that are too large to stand in them, as JSON texts by their hash.
create table blobs (
  run text not null references runs (id) on delete cascade,
  hash text not null,
  value text not null,
  primary key (run, hash)
);
alter table blobs alter column value set storage external;

-- Results of nodes that are marked for re-use, by the hash of type, version, config and inputs.
create table results (
  owner text not null,
  key text not null,
  value text not null,
  used_at timestamptz not null default now(),
  primary key (owner, key)
);
create index results_by_use on results (used_at);

-- What came in by it is no more; it is made anew where journals get their last form (0007).
drop function commit_batches(json, json, json, text);
