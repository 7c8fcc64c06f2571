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

-- Commits batches of many runs (services/spell-runner/runs/commit.ts): runs with what changes of them and their entries, writes of state, the runner. Answers the
-- runs that were not refused. A function, because its plans are kept: to plan such statements takes longer than to run them. A plan may be as old as the
-- tables, which were empty then, and PGlite never analyzes by itself: it must not read all runs to find some.
create function commit_batches(json, json, text) returns setof text language plpgsql set enable_seqscan = off as $function$
#variable_conflict use_column
declare
  made text[];
  fine text[];
begin
  with new as (
    insert into spell_runner.runs
      (id, owner, spell, revision, draft, library, limits, session, keeps_state, status, inputs, outputs, error, last_seq, digest, attempt, runner, started_at, ended_at)
    select b.run, b.owner, b.spell, b.revision, b.draft, b.library::json, b.limits::json, b.session, b.keeps_state, coalesce(b.status, 'running'), b.inputs::json,
      coalesce(b.outputs, '{}')::json, b.error::json, b.last, coalesce(b.digest, ''), b.attempt, case when b.ended_at > 0 then null else $3 end, b.started_at, coalesce(b.ended_at, 0)
    from json_to_recordset($1) as b(
      run text, attempt integer, last bigint, made boolean,
      owner text, spell text, revision integer, draft text, library text, limits text, inputs text, session text, keeps_state boolean, started_at bigint,
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
        (r.runner = $3 and r.last_seq in (b.prev, b.last)) or (r.runner is null and r.last_seq = b.last and r.digest = b.digest)
      )
      returning r.id
    )
    select made || coalesce(array_agg(id), '{}') from moved into fine;
  end if;
  insert into spell_runner.batches (run, first_seq, last_seq, texts)
    select b.run, b.prev + 1, b.last, b.texts
    from json_to_recordset($1) as b(run text, prev bigint, last bigint, texts text)
    where b.last > b.prev and b.run = any (fine)
    on conflict do nothing;
  if json_array_length($2) > 0 then
    insert into spell_runner.state as s (owner, spell, session, key, value)
      select w.owner, w.spell, w.session, w.key, w.value::json
      from json_to_recordset($2) as w(run text, owner text, spell text, session text, key text, value text)
      where w.run = any (fine)
      on conflict (owner, spell, session, key) do update set value = excluded.value, revision = s.revision + 1;
  end if;
  return query select unnest(fine);
end
$function$;
