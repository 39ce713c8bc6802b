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
    POST   /visit              -               Visit -> Visiting
    GET    /health             -               -> Health

*account* is ``Authorization: Bearer <auth token>`` or the cookie of /sign-in (then with the header
``X-Callbox: 1``, which no foreign page can send); *admin* is an admin's. *membership* is
``Authorization: Bearer <resume_secret>`` of the Joined answer; it names session and user, so neither
is believed of a body.
*membership, moderator* is one whose grants hold ``moderate``.
A refusal is a Problem with a 4xx status; ``code`` is one of CODES.

Events (``event:`` name, ``data:`` JSON, ``id:`` counts per member from 1): joined RosterItem, left Left,
state StateChanged, signal SignalEvent, video_requested By, switched_to_video SwitchedEvent,
recording RecordingEvent (of a later release: nothing records yet), removed Removed (the last one). A
comment line every 5 s keeps the line warm.
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
    SignedIn as SignedIn,
    SignIn as SignIn,
    TokenAnswer as TokenAnswer,
    TokenRequest as TokenRequest,
    User as User,
    UserKind as UserKind,
)
from device.exchange.wire.calls import (
    ActiveCall as ActiveCall,
    CallItem as CallItem,
    CallNews as CallNews,
    CallParty as CallParty,
    CallStatus as CallStatus,
    CallType as CallType,
    DeviceId as DeviceId,
    DoNotDisturb as DoNotDisturb,
    FromDevice as FromDevice,
    InitiateCall as InitiateCall,
    NewsName as NewsName,
    ReceiverType as ReceiverType,
    Registered as Registered,
    Reject as Reject,
    StandingName as StandingName,
)
from device.exchange.wire.common import (
    API as API,
    CODES as CODES,
    GONE_AFTER_S as GONE_AFTER_S,
    KEEPALIVE_S as KEEPALIVE_S,
    MAX_BODY_BYTES as MAX_BODY_BYTES,
    MAX_SDP_CHARS as MAX_SDP_CHARS,
    Health as Health,
    Problem as Problem,
    SessionId as SessionId,
    Uid as Uid,
)
from device.exchange.wire.directory import (
    Availability as Availability,
    Contact as Contact,
    Directory as Directory,
    Presence as Presence,
)
from device.exchange.wire.links import (
    LinkItem as LinkItem,
    Links as Links,
    NewLink as NewLink,
    Visit as Visit,
    Visiting as Visiting,
)
from device.exchange.wire.log import (
    CallLog as CallLog,
    Direction as Direction,
    LogItem as LogItem,
    LogStatus as LogStatus,
)
from device.exchange.wire.pairing import (
    PAIRING_LIFETIME_S as PAIRING_LIFETIME_S,
    NewPairing as NewPairing,
    Pairing as Pairing,
    Redeem as Redeem,
    Redeemed as Redeemed,
)
from device.exchange.wire.pairing_link import (
    ALPHABET as ALPHABET,
    CODE_CHARS as CODE_CHARS,
    PairingLink as PairingLink,
    netloc as netloc,
    plain_code as plain_code,
    plain_fingerprint as plain_fingerprint,
)
from device.exchange.wire.people import (
    ChangePassword as ChangePassword,
    GroupItem as GroupItem,
    Groups as Groups,
    Me as Me,
    People as People,
    Person as Person,
    PutGroup as PutGroup,
    PutPerson as PutPerson,
)
from device.exchange.wire.sessions import (
    By as By,
    Grant as Grant,
    IceServerItem as IceServerItem,
    Join as Join,
    Joined as Joined,
    Left as Left,
    Reason as Reason,
    RecordingEvent as RecordingEvent,
    Removed as Removed,
    RosterItem as RosterItem,
    SendSignal as SendSignal,
    SessionItem as SessionItem,
    Sessions as Sessions,
    SignalEvent as SignalEvent,
    SignalKindName as SignalKindName,
    State as State,
    StateChanged as StateChanged,
    SwitchedEvent as SwitchedEvent,
    VideoSwitch as VideoSwitch,
)
