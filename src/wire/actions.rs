//! The topics and their actions: deepstream's numbers and names.
//!
//! Every enum of the protocol also has `UNKNOWN = 0`, which is what a message without the field
//! means; nothing is ever sent with it, so it is not a variant here. Topics above 7 are spoken
//! between servers only.

use crate::text::split;

/// Numbers on the wire, and the names in deepstream's API that they have, with a space after each.
struct Table {
    numbers: &'static [u8],
    names: &'static str,
}

impl Table {
    /// Where a number stands, or would stand if it were there.
    fn position(&self, number: i32) -> usize {
        self.numbers.iter().take_while(|known| i32::from(**known) != number).count()
    }

    fn name(&self, number: i32) -> Option<&'static str> {
        split(self.names, b' ').nth(self.position(number)).filter(|name| !name.is_empty())
    }
}

/// Declares enums whose variants have a number on the wire and a name in deepstream's API, and of which topic they are the
/// actions.
macro_rules! numbered {
    ($(
        $(#[$attribute:meta])*
        $enum:ident $(of $topic:ident)? { $( $variant:ident = $number:literal $name:ident, )* }
    )*) => {
        $(
            $(#[$attribute])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(arbitrary::Arbitrary))]
            pub enum $enum {
                $(
                    #[doc = concat!("`", stringify!($name), "`, number ", $number, ".")]
                    $variant = $number,
                )*
            }

            impl $enum {
                /// Every variant, by number.
                pub const ALL: &'static [Self] = &[$( Self::$variant, )*];

                const TABLE: &'static Table =
                    &Table { numbers: &[$( $number, )*], names: concat!($( stringify!($name), " ", )*) };

                /// The variant with this number on the wire.
                pub fn from_number(number: i32) -> Option<Self> {
                    Self::ALL.get(Self::TABLE.position(number)).copied()
                }

                /// The number on the wire.
                pub const fn number(self) -> i32 {
                    self as i32
                }

                /// The name in deepstream's API.
                pub fn name(self) -> &'static str {
                    Self::TABLE.name(self.number()).unwrap_or_default()
                }
            }

            $(
                impl From<$enum> for Action {
                    fn from(action: $enum) -> Self {
                        Self::$topic(action)
                    }
                }
            )?
        )*

        /// What a message does, asks or says: an action of one of the topics.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[cfg_attr(all(test, not(target_arch = "wasm32")), derive(arbitrary::Arbitrary))]
        pub enum Action {
            $( $(
                #[doc = concat!("An action of the topic [`Topic::", stringify!($topic), "`].")]
                $topic($enum),
            )? )*
        }

        impl Action {
            /// The action of a topic with this number on the wire.
            pub fn from_number(topic: Topic, number: i32) -> Option<Self> {
                match topic {
                    $( $( Topic::$topic => $enum::from_number(number).map(Self::$topic), )? )*
                }
            }

            /// The topic of the message.
            pub const fn topic(self) -> Topic {
                match self {
                    $( $( Self::$topic(_) => Topic::$topic, )? )*
                }
            }

            /// The number on the wire.
            pub const fn number(self) -> i32 {
                match self {
                    $( $( Self::$topic(action) => action.number(), )? )*
                }
            }

            /// The name in deepstream's API.
            pub fn name(self) -> &'static str {
                self.topic().action_name(self.number()).unwrap_or_default()
            }

            /// Whether it reports a failure: in every topic ERROR is 1 and the others start at 100.
            pub const fn is_error(self) -> bool {
                let number = self.number();
                number == 1 || number >= 100
            }
        }

        impl Topic {
            /// The name in deepstream's API of its action with this number, if it has one.
            pub fn action_name(self, number: i32) -> Option<&'static str> {
                let table = match self {
                    $( $( Self::$topic => $enum::TABLE, )? )*
                };
                table.name(number)
            }
        }
    };
}

numbered! {
    /// The feature that a message belongs to.
    Topic {
        Parser     =   1 PARSER,
        Connection =   2 CONNECTION,
        Auth       =   3 AUTH,
        Event      =   4 EVENT,
        Record     =   5 RECORD,
        Rpc        =   6 RPC,
        Presence   =   7 PRESENCE,
    }

    /// What the server says about messages it could not read.
    ParserAction of Parser {
        UnknownTopic               =   1 UNKNOWN_TOPIC,
        UnknownAction              =   2 UNKNOWN_ACTION,
        InvalidMessage             =   3 INVALID_MESSAGE,
        MessageParseError          =   4 MESSAGE_PARSE_ERROR,
        MaximumMessageSizeExceeded =   5 MAXIMUM_MESSAGE_SIZE_EXCEEDED,
        Error                      =   6 ERROR,
        InvalidMetaParams          =   7 INVALID_META_PARAMS,
    }

    /// Opening a connection and keeping it.
    ConnectionAction of Connection {
        Error                 =   1 ERROR,
        Ping                  =   2 PING,
        Pong                  =   3 PONG,
        Accept                =   4 ACCEPT,
        Challenge             =   5 CHALLENGE,
        Reject                =   6 REJECT,
        Redirect              =   7 REDIRECT,
        Closing               =   8 CLOSING,
        Closed                =   9 CLOSED,
        AuthenticationTimeout = 100 AUTHENTICATION_TIMEOUT,
        InvalidMessage        = 101 INVALID_MESSAGE,
    }

    /// Logging in.
    AuthAction of Auth {
        Error               =   1 ERROR,
        Request             =   2 REQUEST,
        AuthSuccessful      =   3 AUTH_SUCCESSFUL,
        AuthUnsuccessful    =   4 AUTH_UNSUCCESSFUL,
        TooManyAuthAttempts = 100 TOO_MANY_AUTH_ATTEMPTS,
        InvalidMessage      = 101 INVALID_MESSAGE,
        InvalidMessageData  = 102 INVALID_MESSAGE_DATA,
    }

    /// Publishing, subscribing and listening to events.
    EventAction of Event {
        Error                         =   1 ERROR,
        Emit                          =   2 EMIT,
        Subscribe                     =   3 SUBSCRIBE,
        Unsubscribe                   =   4 UNSUBSCRIBE,
        Listen                        =   5 LISTEN,
        Unlisten                      =   6 UNLISTEN,
        ListenAccept                  =   7 LISTEN_ACCEPT,
        ListenReject                  =   8 LISTEN_REJECT,
        SubscriptionHasProvider       =   9 SUBSCRIPTION_HAS_PROVIDER,
        SubscriptionHasNoProvider     =  10 SUBSCRIPTION_HAS_NO_PROVIDER,
        SubscriptionForPatternFound   =  11 SUBSCRIPTION_FOR_PATTERN_FOUND,
        SubscriptionForPatternRemoved =  12 SUBSCRIPTION_FOR_PATTERN_REMOVED,
        InvalidListenRegex            = 100 INVALID_LISTEN_REGEX,
        ListenResponseTimeout         = 101 LISTEN_RESPONSE_TIMEOUT,
        ListenUnsuccessful            = 102 LISTEN_UNSUCCESSFUL,
        MessagePermissionError        = 103 MESSAGE_PERMISSION_ERROR,
        MessageDenied                 = 104 MESSAGE_DENIED,
        InvalidMessageData            = 105 INVALID_MESSAGE_DATA,
        MultipleSubscriptions         = 106 MULTIPLE_SUBSCRIPTIONS,
        NotSubscribed                 = 107 NOT_SUBSCRIBED,
    }

    /// Reading, writing, subscribing and listening to records.
    RecordAction of Record {
        Error                         =   1 ERROR,
        Notify                        =   2 NOTIFY,
        Read                          =   3 READ,
        ReadResponse                  =   4 READ_RESPONSE,
        Head                          =   5 HEAD,
        HeadResponse                  =   6 HEAD_RESPONSE,
        HeadBulk                      =   7 HEAD_BULK,
        HeadResponseBulk              =   8 HEAD_RESPONSE_BULK,
        Delete                        =   9 DELETE,
        DeleteSuccess                 =  10 DELETE_SUCCESS,
        DeleteBulk                    =  11 DELETE_BULK,
        DeleteBulkSuccess             =  12 DELETE_BULK_SUCCESS,
        Deleted                       =  13 DELETED,
        WriteAcknowledgement          =  14 WRITE_ACKNOWLEDGEMENT,
        Create                        =  15 CREATE,
        CreateAndUpdate               =  16 CREATEANDUPDATE,
        CreateAndPatch                =  17 CREATEANDPATCH,
        Update                        =  18 UPDATE,
        Patch                         =  19 PATCH,
        Erase                         =  20 ERASE,
        SubscribeAndHead              =  21 SUBSCRIBEANDHEAD,
        SubscribeAndRead              =  22 SUBSCRIBEANDREAD,
        SubscribeCreateAndRead        =  23 SUBSCRIBECREATEANDREAD,
        SubscribeCreateAndUpdate      =  24 SUBSCRIBECREATEANDUPDATE,
        Subscribe                     =  25 SUBSCRIBE,
        Unsubscribe                   =  26 UNSUBSCRIBE,
        Listen                        =  27 LISTEN,
        Unlisten                      =  28 UNLISTEN,
        ListenAccept                  =  29 LISTEN_ACCEPT,
        ListenReject                  =  30 LISTEN_REJECT,
        SubscriptionHasProvider       =  31 SUBSCRIPTION_HAS_PROVIDER,
        SubscriptionHasNoProvider     =  32 SUBSCRIPTION_HAS_NO_PROVIDER,
        SubscriptionForPatternFound   =  33 SUBSCRIPTION_FOR_PATTERN_FOUND,
        SubscriptionForPatternRemoved =  34 SUBSCRIPTION_FOR_PATTERN_REMOVED,
        CacheRetrievalTimeout         = 100 CACHE_RETRIEVAL_TIMEOUT,
        StorageRetrievalTimeout       = 101 STORAGE_RETRIEVAL_TIMEOUT,
        VersionExists                 = 102 VERSION_EXISTS,
        RecordLoadError               = 103 RECORD_LOAD_ERROR,
        RecordCreateError             = 104 RECORD_CREATE_ERROR,
        RecordUpdateError             = 105 RECORD_UPDATE_ERROR,
        RecordDeleteError             = 106 RECORD_DELETE_ERROR,
        RecordNotFound                = 107 RECORD_NOT_FOUND,
        InvalidVersion                = 108 INVALID_VERSION,
        InvalidPatchOnHotpath         = 109 INVALID_PATCH_ON_HOTPATH,
        InvalidListenRegex            = 110 INVALID_LISTEN_REGEX,
        ListenResponseTimeout         = 111 LISTEN_RESPONSE_TIMEOUT,
        ListenUnsuccessful            = 112 LISTEN_UNSUCCESSFUL,
        RecordNotifyError             = 113 RECORD_NOTIFY_ERROR,
        MessagePermissionError        = 114 MESSAGE_PERMISSION_ERROR,
        MessageDenied                 = 115 MESSAGE_DENIED,
        InvalidMessageData            = 116 INVALID_MESSAGE_DATA,
        MultipleSubscriptions         = 117 MULTIPLE_SUBSCRIPTIONS,
        NotSubscribed                 = 118 NOT_SUBSCRIBED,
    }

    /// Requesting and providing remote procedure calls.
    RpcAction of Rpc {
        Error                   =   1 ERROR,
        Request                 =   2 REQUEST,
        Accept                  =   4 ACCEPT,
        Response                =   5 RESPONSE,
        Reject                  =   6 REJECT,
        RequestError            =   7 REQUEST_ERROR,
        Provide                 =   8 PROVIDE,
        Unprovide               =   9 UNPROVIDE,
        NoRpcProvider           = 100 NO_RPC_PROVIDER,
        AcceptTimeout           = 101 ACCEPT_TIMEOUT,
        MultipleAccept          = 102 MULTIPLE_ACCEPT,
        InvalidRpcCorrelationId = 103 INVALID_RPC_CORRELATION_ID,
        ResponseTimeout         = 104 RESPONSE_TIMEOUT,
        MultipleResponse        = 105 MULTIPLE_RESPONSE,
        MessagePermissionError  = 106 MESSAGE_PERMISSION_ERROR,
        MessageDenied           = 107 MESSAGE_DENIED,
        InvalidMessageData      = 108 INVALID_MESSAGE_DATA,
        MultipleProviders       = 109 MULTIPLE_PROVIDERS,
        NotProvided             = 110 NOT_PROVIDED,
    }

    /// Who is logged in.
    PresenceAction of Presence {
        Error                  =   1 ERROR,
        QueryAll               =   2 QUERY_ALL,
        QueryAllResponse       =   3 QUERY_ALL_RESPONSE,
        Query                  =   4 QUERY,
        QueryResponse          =   5 QUERY_RESPONSE,
        PresenceJoin           =   6 PRESENCE_JOIN,
        PresenceJoinAll        =   7 PRESENCE_JOIN_ALL,
        PresenceLeave          =   8 PRESENCE_LEAVE,
        PresenceLeaveAll       =   9 PRESENCE_LEAVE_ALL,
        Subscribe              =  10 SUBSCRIBE,
        Unsubscribe            =  11 UNSUBSCRIBE,
        SubscribeAll           =  12 SUBSCRIBE_ALL,
        UnsubscribeAll         =  13 UNSUBSCRIBE_ALL,
        InvalidPresenceUsers   = 100 INVALID_PRESENCE_USERS,
        MessagePermissionError = 101 MESSAGE_PERMISSION_ERROR,
        MessageDenied          = 102 MESSAGE_DENIED,
        MultipleSubscriptions  = 103 MULTIPLE_SUBSCRIPTIONS,
        NotSubscribed          = 104 NOT_SUBSCRIBED,
    }
}
