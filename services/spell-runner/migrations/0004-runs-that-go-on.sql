-- A journal is kept as it was committed: a row for each batch, with its entries as texts, one a line (an entry is one line of JSON). To store a row and two
-- index keys for each entry took most of the time of a commit. Nothing here looks into entries. Batches come in by the function below alone, and only for
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

-- What becomes of a key of the state that another run has changed meanwhile: `base` is what this run read, `mine` what it wrote, `theirs` what is there now. Lists that were
-- appended to are appended to, numbers are added up, objects are merged key by key; anything else becomes what was written last. Two runs that did the same have both done
-- it: a counter that both have raised by one is raised by two. A key of an object that only one of them has removed is gone.
create function merge_state(base jsonb, mine jsonb, theirs jsonb) returns jsonb language plpgsql immutable as $function$
declare
  merged jsonb;
  k text;
  nothing jsonb;
begin
  if base = theirs then return mine; end if;
  if base = mine then return theirs; end if;
  if jsonb_typeof(base) = 'number' and jsonb_typeof(mine) = 'number' and jsonb_typeof(theirs) = 'number' then
    return to_jsonb(theirs::text::numeric + mine::text::numeric - base::text::numeric);
  end if;
  if jsonb_typeof(base) = 'array' and jsonb_typeof(mine) = 'array' and jsonb_typeof(theirs) = 'array' and jsonb_array_length(mine) >= jsonb_array_length(base)
    and (select coalesce(bool_and(mine -> i = base -> i), true) from generate_series(0, jsonb_array_length(base) - 1) i) then
    return theirs || coalesce((select jsonb_agg(mine -> i order by i) from generate_series(jsonb_array_length(base), jsonb_array_length(mine) - 1) i), '[]');
  end if;
  if jsonb_typeof(base) = 'object' and jsonb_typeof(mine) = 'object' and jsonb_typeof(theirs) = 'object' then
    merged := theirs;
    for k in select jsonb_object_keys(mine) loop
      continue when base -> k = mine -> k;
      -- What was not there counts as nothing of its kind.
      nothing := case jsonb_typeof(mine -> k) when 'number' then '0' when 'array' then '[]' when 'object' then '{}' else 'null' end;
      merged := merged || jsonb_build_object(k, case when theirs ? k then spell_runner.merge_state(coalesce(base -> k, nothing), mine -> k, theirs -> k) else mine -> k end);
    end loop;
    for k in select jsonb_object_keys(base) loop
      if not mine ? k then merged := merged - k; end if;
    end loop;
    return merged;
  end if;
  return mine;
end
$function$;

-- A text that jsonb cannot hold is not merged: what was written last counts.
create function merge_texts(base text, mine text, theirs text) returns json language plpgsql as $function$
begin
  return spell_runner.merge_state(base::jsonb, mine::jsonb, theirs::jsonb)::json;
exception when others then
  return mine::json;
end
$function$;

drop function commit_batches(json, json, json, text);
-- Commits batches of many runs (services/spell-runner/runs/commit.ts): runs with what changes of them and their entries, writes of state, blobs, the runner. Answers the
-- runs that were not refused. A function, because its plans are kept: to plan such statements takes longer than to run them. A plan may be as old as the
-- tables, which were empty then, and PGlite never analyzes by itself: it must not read all runs to find some.
create function commit_batches(json, json, json, text) returns setof text language plpgsql set enable_seqscan = off as $function$
#variable_conflict use_column
declare
  made text[];
  fine text[];
  fresh text[];
  w record;
begin
  with new as (
    insert into spell_runner.runs
      (id, owner, spell, revision, draft, library, limits, mode, session, keeps_state, status, inputs, outputs, error, last_seq, digest, attempt, runner, started_at, ended_at)
    select b.run, b.owner, b.spell, b.revision, b.draft, b.library::json, b.limits::json, b.mode::json, b.session, b.keeps_state, coalesce(b.status, 'running'), b.inputs::json,
      coalesce(b.outputs, '{}')::json, b.error::json, b.last, coalesce(b.digest, ''), b.attempt, case when b.ended_at > 0 then null else $4 end, b.started_at, coalesce(b.ended_at, 0)
    from json_to_recordset($1) as b(
      run text, attempt integer, last bigint, made boolean,
      owner text, spell text, revision integer, draft text, library text, limits text, mode text, inputs text, session text, keeps_state boolean, started_at bigint,
      status text, outputs text, error text, digest text, ended_at bigint)
    where b.made
    on conflict (id) do nothing
    returning id
  )
  select coalesce(array_agg(id), '{}') from new into made;
  fine := made;
  if cardinality(made) < json_array_length($1) then
    with moved as (
      update spell_runner.runs r set
        last_seq = b.last, status = coalesce(b.status, r.status), outputs = coalesce(b.outputs::json, r.outputs), error = coalesce(b.error::json, r.error),
        digest = coalesce(b.digest, r.digest), ended_at = coalesce(b.ended_at, r.ended_at), runner = case when b.ended_at > 0 then null else r.runner end
      from json_to_recordset($1) as b(
        run text, attempt integer, prev bigint, last bigint, status text, outputs text, error text, digest text, ended_at bigint)
      where not b.run = any (made) and r.id = b.run and r.attempt = b.attempt and (
        (r.runner = $4 and r.last_seq in (b.prev, b.last)) or (r.runner is null and r.last_seq = b.last and r.digest = b.digest)
      )
      returning r.id
    )
    select made || coalesce(array_agg(id), '{}') from moved into fine;
  end if;
  -- A batch may come again, because nobody knows whether it arrived: what it adds is added once.
  with added as (
    insert into spell_runner.batches (run, first_seq, last_seq, texts)
      select b.run, b.prev + 1, b.last, b.texts
      from json_to_recordset($1) as b(run text, prev bigint, last bigint, texts text)
      where b.last > b.prev and b.run = any (fine)
      on conflict do nothing
      returning run
  )
  select coalesce(array_agg(run), '{}') from added into fresh;
  if json_array_length($3) > 0 then
    insert into spell_runner.blobs (run, hash, value)
      select b.run, b.hash, b.value from json_to_recordset($3) as b(run text, hash text, value text) where b.run = any (fine)
      on conflict do nothing;
  end if;
  if json_array_length($2) > 0 then
    for w in
      select * from json_to_recordset($2) as w(run text, owner text, spell text, session text, key text, value text, base text, revision integer) where w.run = any (fresh)
    loop
      insert into spell_runner.state as s (owner, spell, session, key, value) values (w.owner, w.spell, w.session, w.key, w.value::json)
      on conflict (owner, spell, session, key) do update set
        value = case when s.revision = w.revision then excluded.value else spell_runner.merge_texts(w.base, w.value, s.value::text) end,
        revision = s.revision + 1;
    end loop;
  end if;
  return query select unnest(fine);
end
$function$;
