"""The messages between the exchange and its clients. No I/O.

Plain dataclasses, so that the server's web framework validates and documents them and the unit's
client decodes them without it. JSON over HTTP, all below ``API``; names are as written here.

    method path                needs           body -> answer
    POST   /sign-in            -               SignIn -> SignedIn (with X-Callbox a cookie, too)
    POST   /sign-out           account         -> 204
    GET    /me                 account         -> Me
    PUT    /me/password        account         ChangePassword -> 204; other sign-ins are over
    POST   /tokens             account         TokenRequest -> TokenAnswer
    GET    /sessions           account         -> Sessions: those now running
    POST   /join               call token      Join -> Joined
    GET    /session/events     membership      -> text/event-stream; honours Last-Event-ID
    POST   /session/signals    membership      SendSignal -> 204
    PUT    /session/state      membership      State -> 204
    POST   /session/video      membership      VideoSwitch -> 204
    POST   /session/leave      membership      -> 204; idempotent
    PUT    /devices/{device_id}         account  -> Registered: how things stand
    PUT    /devices/{device_id}/do-not-disturb  account  DoNotDisturb -> 204
    GET    /devices/{device_id}/events  account  -> text/event-stream; honours Last-Event-ID
    POST   /calls              account         InitiateCall -> CallItem
    GET    /calls/active       account         -> ActiveCall
    DELETE /calls/active       account         -> 204; leave it, or give it up; idempotent
    GET    /calls/{session_id} account         -> CallItem
    POST   /calls/{session_id}/accept   account  FromDevice -> CallItem
    POST   /calls/{session_id}/reject   account  Reject -> CallItem
    POST   /calls/{session_id}/cancel   account  -> CallItem
    POST   /calls/{session_id}/end      account  -> CallItem
    GET    /directory          account         -> Directory: whom one can call
    GET    /directory/events   account         -> text/event-stream
    GET    /calls              account         -> CallLog; ?status= call_type= direction= user= everyone=
                                               cursor= limit=
    POST   /session/members/{uid}/mute  membership, moderator -> 204
    DELETE /session/members/{uid}       membership, moderator -> 204
    POST   /session/end                 membership, moderator -> 204: for all
    GET    /people             admin           -> People
    PUT    /people/{uid}       admin           PutPerson -> Person
    DELETE /people/{uid}       admin           -> 204
    POST   /people/{uid}/revoke  admin         -> 204
    GET    /groups             admin           -> Groups
    PUT    /groups/{group_id}  admin           PutGroup -> GroupItem
    DELETE /groups/{group_id}  admin           -> 204
    POST   /pairings           admin           NewPairing -> Pairing
    POST   /pairings/redeem    pairing code    Redeem -> Redeemed
    POST   /links              account         NewLink -> LinkItem: for visitors
    GET    /links              account         -> Links
    DELETE /links/{link_id}    account         -> 204
    POST   /visit              -               Visit -> Visiting (with X-Callbox a cookie, too)
    GET    /health             -               -> Health

*account* is ``Authorization: Bearer <auth token>`` or the cookie of /sign-in (then with the header
``X-Callbox: 1``, which no foreign page can send); *admin* is an admin's. *membership* is
``Authorization: Bearer <resume_secret>`` of the Joined answer; it names session and user, so neither
is believed of a body.
*membership, moderator* is one whose grants hold ``moderate``.
A refusal is a Problem with a 4xx status; ``code`` is one of CODES.

Events (``event:`` name, ``data:`` JSON, ``id:`` counts per member from 1): joined RosterItem, left Left,
state StateChanged, signal SignalEvent, video_requested By, switched_to_video SwitchedEvent,
recording RecordingEvent, removed Removed (the last one). A comment line every 5 s keeps the line warm.
Events of a device: CallNews, named by NewsName; removed Removed (the last one).
Events of the directory: directory Directory, at once and whenever more than presence has changed;
presence Presence, in bursts of which there are two a second at most. Nothing of it is kept: each
connection begins with directory, and its ``id`` goes on from Last-Event-ID.
An event that was seen need not come again, yet one may: ``id`` tells, and a client drops what it knows.

Offering: of two members the one with the higher ``seq`` (who came later) makes the offer.
A member without an event stream for ``GONE_AFTER_S`` has left (connection_lost). Joining again as the
same user replaces the former membership (removed: replaced), with a new ``seq``.
"""

from device.exchange.wire.accounts import (
    Role as Role,
)
from device.exchange.wire.accounts import (
    SignedIn as SignedIn,
)
from device.exchange.wire.accounts import (
    SignIn as SignIn,
)
from device.exchange.wire.accounts import (
    TokenAnswer as TokenAnswer,
)
from device.exchange.wire.accounts import (
    TokenRequest as TokenRequest,
)
from device.exchange.wire.accounts import (
    User as User,
)
from device.exchange.wire.accounts import (
    UserKind as UserKind,
)
from device.exchange.wire.calls import (
    ActiveCall as ActiveCall,
)
from device.exchange.wire.calls import (
    CallItem as CallItem,
)
from device.exchange.wire.calls import (
    CallNews as CallNews,
)
from device.exchange.wire.calls import (
    CallParty as CallParty,
)
from device.exchange.wire.calls import (
    CallStatus as CallStatus,
)
from device.exchange.wire.calls import (
    CallType as CallType,
)
from device.exchange.wire.calls import (
    DeviceId as DeviceId,
)
from device.exchange.wire.calls import (
    DoNotDisturb as DoNotDisturb,
)
from device.exchange.wire.calls import (
    FromDevice as FromDevice,
)
from device.exchange.wire.calls import (
    InitiateCall as InitiateCall,
)
from device.exchange.wire.calls import (
    NewsName as NewsName,
)
from device.exchange.wire.calls import (
    ReceiverType as ReceiverType,
)
from device.exchange.wire.calls import (
    Registered as Registered,
)
from device.exchange.wire.calls import (
    Reject as Reject,
)
from device.exchange.wire.calls import (
    StandingName as StandingName,
)
from device.exchange.wire.common import (
    API as API,
)
from device.exchange.wire.common import (
    CODES as CODES,
)
from device.exchange.wire.common import (
    GONE_AFTER_S as GONE_AFTER_S,
)
from device.exchange.wire.common import (
    KEEPALIVE_S as KEEPALIVE_S,
)
from device.exchange.wire.common import (
    MAX_BODY_BYTES as MAX_BODY_BYTES,
)
from device.exchange.wire.common import (
    MAX_SDP_CHARS as MAX_SDP_CHARS,
)
from device.exchange.wire.common import (
    Health as Health,
)
from device.exchange.wire.common import (
    Problem as Problem,
)
from device.exchange.wire.common import (
    SessionId as SessionId,
)
from device.exchange.wire.common import (
    Uid as Uid,
)
from device.exchange.wire.directory import (
    Availability as Availability,
)
from device.exchange.wire.directory import (
    Contact as Contact,
)
from device.exchange.wire.directory import (
    Directory as Directory,
)
from device.exchange.wire.directory import (
    Presence as Presence,
)
from device.exchange.wire.links import (
    LinkItem as LinkItem,
)
from device.exchange.wire.links import (
    Links as Links,
)
from device.exchange.wire.links import (
    NewLink as NewLink,
)
from device.exchange.wire.links import (
    Visit as Visit,
)
from device.exchange.wire.links import (
    Visiting as Visiting,
)
from device.exchange.wire.log import (
    CallLog as CallLog,
)
from device.exchange.wire.log import (
    Direction as Direction,
)
from device.exchange.wire.log import (
    LogItem as LogItem,
)
from device.exchange.wire.log import (
    LogStatus as LogStatus,
)
from device.exchange.wire.pairing import (
    PAIRING_LIFETIME_S as PAIRING_LIFETIME_S,
)
from device.exchange.wire.pairing import (
    NewPairing as NewPairing,
)
from device.exchange.wire.pairing import (
    Pairing as Pairing,
)
from device.exchange.wire.pairing import (
    Redeem as Redeem,
)
from device.exchange.wire.pairing import (
    Redeemed as Redeemed,
)
from device.exchange.wire.pairing_link import (
    ALPHABET as ALPHABET,
)
from device.exchange.wire.pairing_link import (
    CODE_CHARS as CODE_CHARS,
)
from device.exchange.wire.pairing_link import (
    PairingLink as PairingLink,
)
from device.exchange.wire.pairing_link import (
    plain_code as plain_code,
)
from device.exchange.wire.pairing_link import (
    plain_fingerprint as plain_fingerprint,
)
from device.exchange.wire.people import (
    ChangePassword as ChangePassword,
)
from device.exchange.wire.people import (
    GroupItem as GroupItem,
)
from device.exchange.wire.people import (
    Groups as Groups,
)
from device.exchange.wire.people import (
    Me as Me,
)
from device.exchange.wire.people import (
    People as People,
)
from device.exchange.wire.people import (
    Person as Person,
)
from device.exchange.wire.people import (
    PutGroup as PutGroup,
)
from device.exchange.wire.people import (
    PutPerson as PutPerson,
)
from device.exchange.wire.sessions import (
    By as By,
)
from device.exchange.wire.sessions import (
    Grant as Grant,
)
from device.exchange.wire.sessions import (
    IceServerItem as IceServerItem,
)
from device.exchange.wire.sessions import (
    Join as Join,
)
from device.exchange.wire.sessions import (
    Joined as Joined,
)
from device.exchange.wire.sessions import (
    Left as Left,
)
from device.exchange.wire.sessions import (
    Reason as Reason,
)
from device.exchange.wire.sessions import (
    RecordingEvent as RecordingEvent,
)
from device.exchange.wire.sessions import (
    Removed as Removed,
)
from device.exchange.wire.sessions import (
    RosterItem as RosterItem,
)
from device.exchange.wire.sessions import (
    SendSignal as SendSignal,
)
from device.exchange.wire.sessions import (
    SessionItem as SessionItem,
)
from device.exchange.wire.sessions import (
    Sessions as Sessions,
)
from device.exchange.wire.sessions import (
    SignalEvent as SignalEvent,
)
from device.exchange.wire.sessions import (
    SignalKindName as SignalKindName,
)
from device.exchange.wire.sessions import (
    State as State,
)
from device.exchange.wire.sessions import (
    StateChanged as StateChanged,
)
from device.exchange.wire.sessions import (
    SwitchedEvent as SwitchedEvent,
)
from device.exchange.wire.sessions import (
    VideoSwitch as VideoSwitch,
)
