"""The tables, and how an older file becomes a newer one."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

_FIRST = """
create table if not exists meta (name text primary key, value blob not null);
create table if not exists users (
  uid text primary key, name text not null, avatar text, kind text not null, password text not null);
create table if not exists auth_tokens (
  hash blob primary key, uid text not null references users on delete cascade, expires_at int not null);
create table if not exists used_tokens (jti text primary key, expires_at int not null);
"""

_RINGING = """
drop table if exists events;
drop table if exists members;
drop table if exists sessions;
alter table users add column role text not null default 'member';
create table groups (group_id text primary key, name text not null) without rowid;
create table group_members (
  group_id text not null references groups on delete cascade,
  uid text not null references users on delete cascade, primary key (group_id, uid)) without rowid;
create table queues (key blob primary key, last_event int not null default 0) without rowid;
create table events (
  key blob not null references queues on delete cascade, id int not null, name text not null,
  data text not null, primary key (key, id)) without rowid;
create table sessions (
  session_id text primary key, audio_only int not null, video_requested_by text,
  last_seq int not null default 0) without rowid;
create table members (
  key blob primary key references queues on delete cascade,
  session_id text not null references sessions, uid text not null, name text not null, avatar text,
  kind text not null, seq int not null, audio_muted int not null, video_paused int not null,
  grants text not null, unique (session_id, uid)) without rowid;
create table devices (
  key blob primary key references queues on delete cascade,
  uid text not null references users on delete cascade, device_id text not null,
  unique (uid, device_id)) without rowid;
create table calls (
  session_id text primary key, call_type text not null, receiver_type text not null,
  receiver text not null, status text not null, initiated_at real not null, joined_at real,
  ended_at real) without rowid;
create index calls_live on calls (status) where ended_at is null;
create index calls_by_time on calls (initiated_at);
create table parties (
  session_id text not null references calls on delete cascade, position int not null,
  uid text not null, standing text not null, device text, joined_at real, left_at real,
  away_since real, primary key (session_id, position)) without rowid;
create index parties_by_uid on parties (uid);
"""
"""Members of the tables before it are not taken along: they join again by themselves."""

_LOG = """
alter table devices add column do_not_disturb int not null default 0;
-- Who stands so is in a live call; the past is no part of this index.
create index parties_live on parties (uid) where standing in ('calling', 'ringing', 'joined');
alter table calls add column receiver_name text not null default '';
alter table parties add column name text not null default '';
alter table parties add column kind text not null default 'person';
update parties set (name, kind) = (select name, kind from users where users.uid = parties.uid)
where uid in (select uid from users);
-- What each party finds in their log, in its order. A page of it is read from here alone.
create table log (
  uid text not null, initiated_at real not null, session_id text not null, direction text not null,
  status text not null, call_type text not null,
  primary key (uid, initiated_at, session_id)) without rowid;
create index log_by_status on log (uid, status, initiated_at, session_id);
create index log_of_all on log (initiated_at, session_id, direction, status, call_type)
where direction = 'outgoing';
create table void_tokens (
  session_id text not null, uid text not null, since real not null, until real not null,
  primary key (session_id, uid)) without rowid;
insert into log select uid, initiated_at, session_id,
  case position when 0 then 'outgoing' else 'incoming' end,
  case when position > 0 and standing = 'missed' then 'missed' else status end, call_type
from parties join calls using (session_id);
"""

_PEOPLE = """
create table generations (uid text primary key, generation int not null) without rowid;
create table dismissals (id integer primary key, key blob not null unique, reason text not null);
"""

_ENROLMENT = """
create table enrolments (
  key blob primary key, uid text not null unique, name text not null, session_id text,
  expires_at int not null, attempt blob) without rowid;
"""

_VISITORS = """
create table links (
  link_id text primary key, key blob not null unique, name text not null, receiver_type text not null,
  receiver text not null, expires_at int not null) without rowid;
create table visitors (
  number integer primary key, uid text not null unique, name text not null,
  link_id text not null references links on delete cascade, key blob not null unique);
create index visitors_by_link on visitors (link_id);
-- Visitors have devices, too, and are no users.
create table anybodys_devices (
  key blob primary key references queues on delete cascade, uid text not null,
  device_id text not null, do_not_disturb int not null default 0, unique (uid, device_id)) without rowid;
insert into anybodys_devices select key, uid, device_id, do_not_disturb from devices;
drop table devices;
alter table anybodys_devices rename to devices;
"""

_OWN_LOG = """
-- Who has refused finds that, and not how long the others of a group have talked.
insert into log select uid, initiated_at, session_id, 'incoming', standing, call_type
from parties join calls using (session_id) where position > 0 and standing in ('rejected', 'busy')
on conflict do update set status = excluded.status;
-- The calls of who was removed are not those of who is added again under the same uid.
update calls set receiver = ' ' || receiver
where receiver_type = 'user' and receiver not in (select uid from users);
update log set uid = ' ' || uid
where uid not in (select uid from users) and uid not in (select uid from visitors);
update parties set uid = ' ' || uid
where uid not in (select uid from users) and uid not in (select uid from visitors);
"""

_STEPS = (_FIRST, _RINGING, _LOG, _ENROLMENT, _PEOPLE, _VISITORS, _OWN_LOG)
VERSION = len(_STEPS)
_FORGOTTEN_AT_MOST = 1_000_000
"""Events of one queue; the kernel writes a file out within half a minute."""


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make or change the tables, all of it or nothing.

    Raises sqlite3.Error; a file of a newer callbox raises sqlite3.DatabaseError and stays as it is.
    """
    (version,) = db.execute("pragma user_version").fetchone()
    if version > VERSION:
        raise sqlite3.DatabaseError("it was written by a newer callbox")
    if version == VERSION:
        return
    steps = "".join(_STEPS[version:])
    with _whole(db):
        db.executescript(f"begin immediate;{steps}pragma user_version = {VERSION};commit;")


def begin_run(db: sqlite3.Connection, boot: str) -> None:
    """``boot`` names the machine's run. The end of the last one may have undone the last moments, and
    numbers that somebody was told must not come again for other events: so all queues go on from far
    behind, and who listened to one joins or registers anew. Raises sqlite3.Error.
    """
    row = db.execute("select value from meta where name = 'boot'").fetchone()
    if row is None or row[0] != boot:
        with _whole(db):
            db.execute("begin immediate")
            db.execute("delete from events")
            db.execute("update queues set last_event = last_event + ?", (_FORGOTTEN_AT_MOST,))
            db.execute("insert or replace into meta values ('boot', ?)", (boot,))
            db.execute("commit")


@contextmanager
def _whole(db: sqlite3.Connection) -> Iterator[None]:
    """A transaction that is begun and committed within, all of it or nothing."""
    try:
        yield
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("rollback")
        raise
