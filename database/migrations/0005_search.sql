-- Search: the words of keys and names, kept by the transaction that writes them.

set local role folioscope_owner;

-- search_text folds a text: words of small letters and digits, one space between them. Accents are gone, and so are
-- capitals of Latin, Greek and Cyrillic; letters such as ø are spelled out. Spelled out here too, because no collation
-- and no extension is the same on every PostgreSQL. Words end at whatever is no letter and no digit in ASCII and Latin-1,
-- at punctuation, arrows and symbols, and at U+10FFFF, which is no character and ends the range of a prefix.
create function search_text(given text) returns text language sql immutable strict parallel safe
  return btrim(regexp_replace(
    replace(replace(replace(replace(translate(
      lower(regexp_replace(normalize(given collate "C", nfkd), '[\u0300-\u036f]', '', 'g')),
      'ØøĐđÐðŁłĦħŦŧŊŋıẞÆŒÞΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЄЅІЈЉЊЋЏҐ',
      'ooddddllhhttnnißæœþαβγδεζηθικλμνξοπρστυφχψωσабвгдежзиклмнопрстуфхцчшщъыьэюяђєѕіјљњћџґ'),
      'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
    '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\u206f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f\U0010ffff]+', ' ', 'g'));

-- search_words are the words of a folded text, each once. Longer ones are cut: an index takes no row of any length.
create function search_words(folded text) returns setof text language sql immutable strict parallel safe
begin atomic
  select distinct left(word, 64) collate "C" from string_to_table(folded, ' ') as word where word <> '';
end;

-- A row for each word of whatever is not archived. kind: that of the node. key_text, name_text: its key and name folded.
-- All of a node stands with each of its words, so that what is found is put in order without a look at the node.
create table search_word (
  tenant_id uuid not null references organization (tenant_id),
  word text collate "C" not null,
  node_id uuid not null,
  kind text not null,
  key text collate "C" not null,
  name text collate "C" not null,
  key_text text collate "C" not null,
  name_text text collate "C" not null,
  primary key (tenant_id, word, node_id)
);
create index search_word_node on search_word (tenant_id, node_id);

create function keep_search_words() returns trigger language plpgsql as $$
declare
  folded_key text := search_text(new.key);
  folded_name text := search_text(new.name);
begin
  if tg_op = 'UPDATE' then
    delete from search_word where tenant_id = old.tenant_id and node_id = old.id;
  end if;
  -- The organization has no column archived_at.
  if to_jsonb(new) ->> 'archived_at' is null then
    insert into search_word (tenant_id, word, node_id, kind, key, name, key_text, name_text)
    select new.tenant_id, word, new.id, upper(tg_table_name), new.key, new.name, folded_key, folded_name
    from search_words(folded_key || ' ' || folded_name) as word
    on conflict do nothing;
  end if;
  return null;
end $$;

-- fill_search_words writes the words of the rows that a table holds already, as far as the caller sees them: when it is
-- made searchable, and after a load that went past the triggers. Safe to run twice.
create procedure fill_search_words(target regclass) language plpgsql as $$
declare
  is_live text := case when exists (select from pg_attribute where attrelid = target and attname = 'archived_at')
                       then 'n.archived_at is null' else 'true' end;
begin
  execute format('insert into search_word (tenant_id, word, node_id, kind, key, name, key_text, name_text) '
    'select n.tenant_id, w.word, n.id, %L, n.key, n.name, f.key_text, f.name_text from %s n, '
    'lateral (select search_text(n.key) as key_text, search_text(n.name) as name_text offset 0) f, '
    'search_words(f.key_text || '' '' || f.name_text) as w (word) where %s on conflict do nothing',
    upper(target::text), target, is_live);
end $$;

-- make_searchable lets search find the rows of a table with key and name: those that there are and those to come.
create procedure make_searchable(target regclass) language plpgsql as $$
declare
  watched text := case when exists (select from pg_attribute where attrelid = target and attname = 'archived_at')
                       then 'old.key, old.name, old.archived_at' else 'old.key, old.name' end;
begin
  execute format('create trigger search_new after insert on %s for each row '
    'execute function keep_search_words()', target);
  execute format('create trigger search_changed after update on %s for each row '
    'when ((%s) is distinct from (%s)) execute function keep_search_words()',
    target, watched, replace(watched, 'old.', 'new.'));
  -- The owner fills in the words of all tenants: for this transaction its own walls do not stand before it.
  execute format('alter table %s no force row level security', target);
  alter table search_word no force row level security;
  call fill_search_words(target);
  execute format('alter table %s force row level security', target);
  alter table search_word force row level security;
end $$;

call build_wall('search_word', 'select, insert, delete');

call make_searchable('organization');
call make_searchable('portfolio');
call make_searchable('product');
call make_searchable('initiative');
call make_searchable('kpi');
call make_searchable('team');
call make_searchable('person');
call make_searchable('skill');

reset role;
