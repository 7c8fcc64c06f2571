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
