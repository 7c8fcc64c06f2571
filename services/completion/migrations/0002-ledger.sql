-- What each call took, and what it cost.
create table usage (
  id text primary key,
  owner text not null,
  agent text not null,
  spell text not null,
  run text not null,
  node text not null,
  -- provider/model.
  model text not null,
  -- When it began.
  at timestamptz not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  cached_tokens bigint not null,
  reasoning_tokens bigint not null,
  -- US dollars; null: nobody knows the model's price.
  cost double precision
);
create index usage_of_owner on usage (owner, at);
create index usage_of_spell on usage (owner, spell, at);
create index usage_of_run on usage (owner, run);
create index usage_by_age on usage (at);

create table budgets (
  id text primary key,
  owner text not null,
  scope text not null,
  target text not null,
  period text not null,
  -- 0: any number.
  tokens bigint not null,
  cost double precision not null,
  created_at timestamptz not null default now(),
  unique (owner, scope, target, period)
);

-- Running sums, what is in flight included: of a user, an agent, a spell by day, month and in total; of a run in total.
create table spent (
  owner text not null,
  scope text not null,
  target text not null,
  -- `2026-11-21`, `2026-11` or `total`.
  period text not null,
  tokens double precision not null,
  cost double precision not null,
  -- The day of the last change.
  touched date not null,
  primary key (owner, scope, target, period)
) with (fillfactor = 80);
create index spent_by_age on spent (touched);
