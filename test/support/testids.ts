/** The `data-testid`s of the controls that tests press and read; the components write them as literals. */
export const TESTIDS = {
  welcome: 'welcome',
  needInvitation: 'need-invitation',
  unfounded: 'unfounded',
  /** `data-code`: the `PeerErrorCode`. */
  errorSentence: 'error-sentence',
  retry: 'retry',
  language: 'language',
  announcer: 'announcer',

  foundCommunityName: 'found-community-name',
  foundName: 'found-name',
  /** From the names to the words. */
  foundSubmit: 'found-submit',

  /** The list of 24 words, shared by founding and joining. */
  phraseWords: 'phrase-words',
  phraseCopy: 'phrase-copy',
  phraseDownload: 'phrase-download',
  phrasePrint: 'phrase-print',
  /** The box "I have saved my words". */
  phraseConfirm: 'phrase-confirm',
  /** The button that founds or joins. */
  phraseEnter: 'phrase-enter',

  invitation: 'invitation',
  invitationSponsor: 'invitation-sponsor',
  joinName: 'join-name',
  /** From the name to the words. */
  joinSubmit: 'join-submit',
  alreadyIn: 'already-in',

  inviteOpen: 'invite-open',
  inviteCreate: 'invite-create',
  /** A read-only field whose value is the link. */
  inviteLink: 'invite-link',
  inviteCopy: 'invite-copy',
  inviteShare: 'invite-share',
  inviteQrShow: 'invite-qr-show',
  inviteQr: 'invite-qr',
  /** `data-slot`, `data-state`; holds `withdraw` or `undo`. */
  inviteSlot: 'invite-slot',
  withdraw: 'withdraw',
  undo: 'undo',
  /** `data-state`: `ready` or `waiting`. */
  maturity: 'maturity',
  /** `data-ready`. */
  claim: 'claim',
  claimNow: 'claim-now',
  /** A question before something is done, and its yes. */
  confirmDialog: 'confirm-dialog',
  confirm: 'confirm',
  alarm: 'alarm',

  peopleOpen: 'people-open',
  asTree: 'as-tree',
  asTable: 'as-table',
  tree: 'tree',
  /** Somebody in the tree; `data-member`, `data-standing`, and `aria-expanded` with guests. */
  leaf: 'leaf',
  treeIn: 'tree-in',
  treeOut: 'tree-out',
  treeMe: 'tree-me',
  peopleTable: 'people-table',
  /** `data-column`. */
  sort: 'sort',
  /** `data-member`. */
  personRow: 'person-row',
  pageNext: 'page-next',
  filterName: 'filter-name',
  filterStanding: 'filter-standing',
  filterBranch: 'filter-branch',
  filterCertified: 'filter-certified',
  foundPeople: 'found-people',

  /** `data-member`. */
  person: 'person',
  /** Those above somebody, in order. */
  line: 'line',
  vouchers: 'vouchers',
  answersFor: 'answers-for',
  badge: 'badge',
  devices: 'devices',
  /** `data-act`: the right. */
  act: 'act',
  phraseField: 'phrase-field',
  councilWhy: 'council-why',
  councilCut: 'council-cut',

  decisionsOpen: 'decisions-open',
  decisions: 'decisions',
  /** `data-what`. */
  decision: 'decision',
  councilOnly: 'council-only',
  noDecisions: 'no-decisions',
  notices: 'notices',
  noticeSee: 'notice-see',

  verifyOpen: 'verify-open',
  /** `data-state`: `idle`, `running`, `done`, `failed`. */
  verify: 'verify',
  verifyRun: 'verify-run',
  /** `data-findings`: how many. */
  verdict: 'verdict',
  stateHash: 'state-hash',

  ownOpen: 'own-open',
  own: 'own',
  export: 'export',
  erase: 'erase',
  erased: 'erased',
  leaveCommunity: 'leave-community',
  left: 'left',

  roomsList: 'rooms-list',
  roomsEmpty: 'rooms-empty',
  /** A link; `data-room`. */
  roomItem: 'room-item',
  roomOpen: 'room-open',
  roomTitle: 'room-title',
  roomTopics: 'room-topics',
  roomLanguage: 'room-language',
  roomCreate: 'room-create',

  /** `data-room`. */
  room: 'room',
  roomStage: 'room-stage',
  roomAudience: 'room-audience',
  /** `data-member`, `data-me`, `data-stage`, `data-speaking`, `data-muted`, `data-hand`, `data-offered`, `data-link`. A press opens the card. */
  participant: 'participant',
  personCard: 'person-card',
  personMute: 'person-mute',
  personUnmute: 'person-unmute',
  personRemove: 'person-remove',
  personOffer: 'person-offer',
  personWithdraw: 'person-withdraw',
  /** `data-up`. */
  handToggle: 'hand-toggle',
  /** `data-member`; holds `offer-stage`. */
  handQueueItem: 'hand-queue-item',
  /** In the queue of hands; `data-member`. */
  offerStage: 'offer-stage',
  offerDialog: 'offer-dialog',
  offerAccept: 'offer-accept',
  offerDecline: 'offer-decline',
  /** `data-microphone`: `closed`, `muted`, `muted-by-moderator`, `open`. The first press also gives the microphone. */
  micToggle: 'mic-toggle',
  microphoneState: 'microphone-state',
  stepDown: 'step-down',
  leave: 'leave',
  end: 'end',
  endDialog: 'end-dialog',
  endConfirm: 'end-confirm',
  relayBanner: 'relay-banner',
  /** The bar that asks for one press before voices play. */
  listen: 'listen',
  /** One `<audio>` per remote voice; `data-member`. */
  voice: 'voice',
  roomEnded: 'room-ended',
  endedBack: 'ended-back',
  /** The bar of a joined room on other screens. */
  roomDock: 'room-dock',
  roomReturn: 'room-return',
  dockLeave: 'dock-leave',
} as const

export type TestId = (typeof TESTIDS)[keyof typeof TESTIDS]

/** The CSS selector of a control. */
export function at(id: TestId): string {
  return `[data-testid="${id}"]`
}
