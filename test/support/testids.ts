/** The `data-testid`s of the controls that tests press and read; the components write them as literals. */
export const TESTIDS = {
  welcome: 'welcome',
  needInvitation: 'need-invitation',
  unfounded: 'unfounded',
  /** `data-code`: the `PeerErrorCode`. */
  errorSentence: 'error-sentence',
  roomRecord: 'room-record',
  roomUndo: 'room-undo',
  openRecord: 'open-record',
  openMuteAll: 'open-mute-all',
  openSettings: 'open-settings',
  roomSettings: 'room-settings',
  settingsSave: 'settings-save',
  settingsLink: 'settings-link',
  settingsLock: 'settings-lock',
  deedForm: 'deed-form',
  deedComoderator: 'deed-comoderator',
  deedRemove: 'deed-remove',
  deedBan: 'deed-ban',
  deedNote: 'deed-note',
  deedConfirm: 'deed-confirm',
  levelOffer: 'level-offer',
  /** `data-by`. */
  roomOut: 'room-out',
  outBack: 'out-back',
  roomLeads: 'room-leads',
  /** Somebody on the stage whose place is kept. */
  stageAway: 'stage-away',
  /** What happened to me while I was not there. */
  roomMissed: 'room-missed',
  /** Once for each whose app makes something else of the same decisions. */
  roomDiffers: 'room-differs',
  leakReport: 'leak-report',
  leakReported: 'leak-reported',
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
  report: 'report',
  reported: 'reported',
  /** The choice that a report names the room which both are in. */
  reportRoom: 'report-room',
  wordsField: 'words-field',
  appealOpen: 'appeal-open',
  /** `data-state`. */
  appeal: 'appeal',
  appealSend: 'appeal-send',
  councilOpen: 'council-open',
  councilNews: 'council-news',
  /** `data-mine`. */
  council: 'council',
  /** `data-sealed`: how many. */
  messages: 'messages',
  messagesOpen: 'messages-open',
  messagesRead: 'messages-read',
  noMessages: 'no-messages',
  /** `data-type`, `data-fresh`. */
  message: 'message',
  messageWords: 'message-words',
  councilChange: 'council-change',
  stewardsChange: 'stewards-change',
  councilNeeded: 'council-needed',
  decided: 'decided',
  pickerSearch: 'picker-search',
  pickerAdd: 'picker-add',
  pickerRemove: 'picker-remove',
  /** `data-state`, `data-what`. */
  proposal: 'proposal',
  proposalDialog: 'proposal-dialog',
  proposalPlace: 'proposal-place',
  proposalSign: 'proposal-sign',
  proposalSubmit: 'proposal-submit',
  proposalLink: 'proposal-link',
  proposalSave: 'proposal-save',
  proposalCopy: 'proposal-copy',
  proposalQrShow: 'proposal-qr-show',
  proposalFile: 'proposal-file',
  proposalPaste: 'proposal-paste',
  proposalRead: 'proposal-read',
  proposalProblem: 'proposal-problem',

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
  hideAddress: 'hide-address',
  personHides: 'person-hides',
  export: 'export',
  erase: 'erase',
  erased: 'erased',
  leaveCommunity: 'leave-community',
  left: 'left',

  logAlarms: 'log-alarms',
  /** `data-kind`. */
  logAlarm: 'log-alarm',
  saveEvidence: 'save-evidence',
  provisional: 'provisional',

  /** While the ledger is being read. */
  reading: 'reading',

  roomsList: 'rooms-list',
  roomsEmpty: 'rooms-empty',
  /** A link; `data-room`. */
  roomItem: 'room-item',
  roomOpen: 'room-open',
  roomTitle: 'room-title',
  roomTopics: 'room-topics',
  roomLanguage: 'room-language',
  /** The choice that a new room's stage counts. */
  roomCounts: 'room-counts',
  roomChoosePrivate: 'room-choose-private',
  roomPrivate: 'room-private',
  roomLocked: 'room-locked',
  openGuests: 'open-guests',
  guestSearch: 'guest-search',
  guestIn: 'guest-in',
  guestOut: 'guest-out',
  roomCreate: 'room-create',

  /** `data-room`. */
  room: 'room',
  /** There where the stage counts. */
  roomCounting: 'room-counting',
  /** There while a relay carries voices; `data-relay`, `data-listeners`, `data-whole` (all of the room, not those of some pairs), `data-grade`. */
  roomCarrier: 'room-carrier',
  /** Between whom and me no voice passes; `data-failure`: `unreached`, `forged`, `refused`. */
  roomUnheard: 'room-unheard',
  /** There where an address is hidden; `data-state`: `connecting`, `carried`, `unheard`. */
  roomApart: 'room-apart',
  roomStage: 'room-stage',
  roomAudience: 'room-audience',
  /** `data-member`, `data-me`, `data-stage`, `data-speaking`, `data-muted`, `data-hand`, `data-offered`, `data-link`, `data-reaction`, `data-grade`. A press opens the card. */
  participant: 'participant',
  /** `data-blocked`; holds `block-toggle`. */
  block: 'block',
  blockToggle: 'block-toggle',
  openHidden: 'open-hidden',
  roomHidden: 'room-hidden',
  personCard: 'person-card',
  /** A link. */
  personPage: 'person-page',
  personMute: 'person-mute',
  /** `data-grade`. */
  personConnection: 'person-connection',
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
  /** `aria-pressed`: a sound when a hand goes up. */
  chime: 'chime',
  reactions: 'reactions',
  /** `data-reaction`. */
  react: 'react',
  offerDialog: 'offer-dialog',
  /** There where the stage counts. */
  offerCounts: 'offer-counts',
  offerDecline: 'offer-decline',
  /** `data-microphone`: `closed`, `muted`, `muted-by-moderator`, `open`. The first press also gives the microphone. */
  micToggle: 'mic-toggle',
  microphoneState: 'microphone-state',
  openMicrophone: 'open-microphone',
  /** `data-heard`. */
  microphoneTest: 'microphone-test',
  microphoneChoice: 'microphone-choice',
  microphoneMeter: 'microphone-meter',
  microphoneDialog: 'microphone-dialog',
  talkKey: 'talk-key',
  /** In the offer, and in the dialog on stage: opens the microphone for a try; `microphone-take` comes in its place and gives it. */
  microphoneTry: 'microphone-try',
  microphoneTake: 'microphone-take',
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
  dockHands: 'dock-hands',
  roomReturn: 'room-return',
  dockLeave: 'dock-leave',
} as const

export type TestId = (typeof TESTIDS)[keyof typeof TESTIDS]

/** The CSS selector of a control. */
export function at(id: TestId): string {
  return `[data-testid="${id}"]`
}
