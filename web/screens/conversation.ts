/** Everything that being in a room takes, in one piece to load: nothing of it may be missing once the relay is away. */
export { default as NewRoomDialog } from '../components/NewRoomDialog.svelte'
export { default as OfferDialog } from '../components/OfferDialog.svelte'
export { default as RoomDock } from '../components/RoomDock.svelte'
export { default as TalkKey } from '../components/TalkKey.svelte'
export { default as Voices } from '../components/Voices.svelte'
export { loadModeration } from '../moderation/load.ts'
export { watchEntry } from '../state/entry-watch.ts'
export { default as RoomPlace } from './RoomPlace.svelte'
