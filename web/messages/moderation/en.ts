import { plurals } from '../plural.ts'
import type { ModerationWords } from './words.ts'

const count = plurals('en')

export const words: ModerationWords = {
  deeds: {
    comoderator: 'Offer to help moderating',
    moderator: 'Offer to moderate',
    hand: 'Hand the room over',
    remove: 'Put out of the room',
    ban: 'Ban from the room',
  },
  deedsMore: {
    comoderator: (name) => `${name} can then bring people on stage, mute them, and put them out of the room.`,
    moderator: (name) =>
      `${name} can then also ban, lock the door, change the title, and end the room for everyone.`,
    hand: (name) =>
      `When ${name} accepts, the room is theirs, and you are one of the audience. You cannot take it back after that.`,
    remove: (name) => `${name} hears nothing more and can come back in ten minutes.`,
    ban: (name) => `${name} hears nothing more, and stays out until the ban is lifted.`,
  },
  why: {
    spam: 'unwanted advertising',
    abuse: 'abuse of others',
    fake: 'a false identity',
    illegal: 'something against the law',
    other: 'another reason',
    away: 'a connection lost for more than a minute',
  },
  form: {
    why: 'Reason',
    note: 'In your words',
    noteHint: 'You may leave it empty. Everybody in the room can read it.',
  },
  record: {
    open: 'Moderation',
    title: 'What the moderators did',
    lead: 'Everybody in the room sees the same. Every line is signed by who did it.',
    none: 'Nothing yet.',
    undo: 'Lift the ban',
    reason: (why) => `Reason: ${why}`,
    away: (name) => `${name} was away from the stage for more than a minute, and is in the audience again`,
  },
  recorded: {
    hand: (by, to) => `${by} offered the room to ${to}`,
    lower: (by, to) => `${by} took ${to} off the stage, or an offer back`,
    mute: (by, to) => `${by} muted ${to}`,
    unmute: (by, to) => `${by} let ${to} speak again`,
    remove: (by, to) => `${by} put ${to} out of the room`,
    ban: (by, to) => `${by} banned ${to}`,
    unban: (by, to) => `${by} lifted the ban of ${to}`,
    revoke: (by, to) => `${by} took back that ${to} may come in`,
    lock: (by) => `${by} locked the door`,
    unlock: (by) => `${by} opened the door`,
    end: (by) => `${by} ended the room`,
  },
  settings: {
    open: 'Room settings',
    title: 'Room settings',
    name: 'Title',
    nameHint: 'One short line, shown in the list of rooms.',
    link: 'Pinned link',
    linkHint: 'A page that everybody here should have at hand. Starts with https://. You may leave it empty.',
    hands: 'Who may raise a hand',
    lock: 'Lock the door',
    lockHint: 'Those who are here stay; nobody new comes in.',
    save: 'Save',
  },
  all: {
    mute: 'Mute all',
    muteMore: (n) =>
      count(n, {
        one: 'You mute # person on stage, until a moderator lets them speak again. You can take it back.',
        other:
          'You mute # people on stage, each until a moderator lets them speak again. You can take it back.',
      }),
    unmute: 'Let all speak again',
    unmuteMore: (n) =>
      count(n, {
        one: '# person whom moderators muted can open their microphone again.',
        other: '# people whom moderators muted can open their microphones again.',
      }),
  },
  hands: { everybody: 'Everybody', members: 'Members', nobody: 'Nobody' },
  out: {
    ban: 'You were banned from this room',
    remove: 'You were put out of this room',
    lock: 'The door of this room is locked',
    private: 'This room is for those who were let in',
  },
  outMore: {
    until: (moment) => `You can come back at ${moment}.`,
    reason: (why) => `The moderators gave as reason: ${why}.`,
    waits: 'Stay here, and you come in as soon as the moderators open it.',
    back: 'Back to the rooms',
  },
  stage: {
    title: 'You are invited on stage',
    lead: (room) => `The moderators of “${room}” would like to hear you.`,
    microphone: 'First try your microphone: your browser will ask for it. Nobody else hears it.',
    muted: 'You enter muted: nobody hears you until you choose so.',
    try: 'Try my microphone',
    accept: 'Go on stage, muted',
    accepting: 'Going on stage…',
    decline: 'Stay in the audience',
  },
  microphone: {
    open: 'Microphone',
    title: 'Your microphone',
    lead: 'Try a microphone before the others hear it. It starts muted.',
    which: 'Microphone',
    unnamed: (number) => `Microphone ${number}`,
    speak: 'Say something: the bar should move. Nobody else hears it.',
    heard: 'Your microphone hears you. Nobody else does yet.',
    take: 'Use this microphone',
    talkKey: 'Hold the space bar to speak',
    talkKeyMore: 'Your microphone is open while you hold it, and closes when you let go.',
  },
  react: { title: 'React' },
  reactions: { clap: 'applauds', heart: 'loves this', laugh: 'laughs', agree: 'agrees', wow: 'is amazed' },
  block: {
    do: 'Block for me',
    undo: 'Unblock',
    more: (name) =>
      `You then neither hear nor see ${name} in any room. It stays on this device, and nobody is told.`,
    done: (name) => `You neither hear nor see ${name} in any room.`,
    here: (n) => count(n, { one: '# person here whom you blocked', other: '# people here whom you blocked' }),
    title: 'People whom you blocked',
    lead: 'They are in this room. You neither hear nor see them, and they are not told.',
  },
  offer: { title: 'An offer for you', accept: 'Accept', decline: 'No, thank you' },
  offered: {
    60: (name, room) =>
      `${name} asks you to help moderating “${room}”: to bring people on stage, mute them, and put them out.`,
    80: (name, room) => `${name} asks you to moderate “${room}”.`,
    90: (name, room) => `${name} wants to hand “${room}” over to you: you would lead it.`,
  },
  counts: {
    choice: 'Time on this stage counts',
    hint: 'Whoever is heard here may invite others sooner. In return the ledger says, for good and for everybody to read: that you opened a room and when it ended, and who heard whom on its stage, for how many minutes. It says neither the title nor what was talked about.',
    room: 'This stage counts: the ledger will say who was heard on it, by whom, and for how many minutes.',
  },
  guests: {
    choice: 'A private room',
    hint: 'For those alone whom you invite. Nobody else finds it or learns what is said in it, and its stage does not count.',
    room: 'Private room: for those alone who were invited',
    open: 'Invite people',
    title: 'Who may come in',
    lead: 'Whoever you invite finds this room in their list, as soon as they open the app. Nobody else sees it.',
    list: 'Invited',
    none: 'Nobody is invited yet.',
    search: 'Look for somebody by name',
    nobody: 'Nobody of that name is left to invite.',
    in: (name) => `Invite ${name}`,
    out: 'Take back',
    outOf: (name) => `Take back the invitation of ${name}`,
  },
  person: { page: 'See their page, or report them' },
  addressMine: {
    connecting: 'Your address is hidden. Looking for a relay that carries voices…',
    carried: 'Your address is hidden from the people here. Voices go over a relay.',
    unheard:
      'Your address is hidden, and no relay carries voices right now: you hear nobody, and nobody hears you.',
    private:
      'Your address is hidden, and no relay carries a private room: you hear nobody here, and nobody hears you.',
  },
  addressTheirs: {
    connecting: 'Somebody here hides their address. Looking for a relay that carries voices…',
    carried: 'Somebody here hides their address. You hear each other over a relay.',
    unheard:
      'Somebody here hides their address, and no relay carries voices right now: you do not hear each other.',
    private:
      'Somebody here hides their address, and no relay carries a private room: you do not hear each other.',
  },
  address: {
    change: 'Change this in my data',
    person: 'Hides their address: their device connects to relays alone.',
  },
  room: {
    locked: 'The door is locked',
    pinned: 'Pinned',
    carried: (relay, n) =>
      `The relay ${relay} carries the voices of this room, and can hear none of them. ${count(n, { one: '# listener', other: '# listeners' })} over relays.`,
    carriedPairs: (relay) =>
      `Some devices here do not reach each other directly. Their voices go over the relay ${relay}, which can hear none of them.`,
    heardBySome: 'Your microphone is open: not everyone hears you',
    leads: (name) => `The host has left. ${name} carries on.`,
    iLead: 'The host has left. You carry on.',
    leadsMeanwhile: (name) => `The host has lost the connection. ${name} carries on.`,
    iLeadMeanwhile: 'The host has lost the connection. You carry on.',
    away: 'Connection lost',
    differs: (name) =>
      `Your app and that of ${name} know the same decisions of this room and make different things of them. One of the two is wrong: compare who is on stage for each of you.`,
    offline:
      'This device seems to be offline. You neither hear the others nor are heard until it is online again.',
    waiting: (time) => `raised ${time}`,
    chime: 'A sound when a hand goes up',
  },
  unheard: {
    unreached: (names) =>
      `No voice passes between you and ${names}: your devices do not reach each other directly, and no relay carries your voices.`,
    private: (names) =>
      `No voice passes between you and ${names}: your devices do not reach each other directly, and no relay carries a private room.`,
    forged: (names) =>
      `No voice passes between you and ${names}: what came in that name to connect you does not bear the right signature. Your device refused it: somebody may be trying to get between you.`,
    refused: (names) =>
      `No voice passes between you and ${names}: what the other device sent to connect you is not valid, and yours refused it. Check on both sides that the app is up to date and the clock is right.`,
  },
  missed: {
    stage:
      'Your connection was lost for more than a minute, so you are in the audience again. To speak, raise your hand.',
    microphone:
      'Your microphone was closed: nobody in this room could be reached for a while. Open it when you are ready.',
  },
  voice: {
    verified: 'Verified voice',
    unverified: 'Not verified',
    forged: 'Imitated',
    locked: 'No key yet',
  },
  grade: { good: 'Good connection', uneven: 'Uneven connection', bad: 'Bad connection' },
  quality: {
    person: (grade, figures) => `${grade} between you (${figures})`,
    relay: (grade, figures) => `${grade} with it (${figures}).`,
    roundTrip: (milliseconds) => `${milliseconds} ms there and back`,
    jitter: (milliseconds) => `${milliseconds} ms uneven`,
    lost: (share) => `${share} of the sound lost`,
  },
  voiceMeaning: {
    verified:
      'This voice is encrypted from their device to yours, and signed by it: nobody else hears it, and nobody else can speak in their name.',
    unverified: 'This voice is encrypted, but its signature is missing. You hear it again once it is there.',
    forged:
      'Somebody in the room tries to speak in this person’s name. You only hear what this person’s device has signed, a moment later.',
    locked: 'This voice is encrypted with a key that you have not been given yet. You hear it once you have.',
  },
}
