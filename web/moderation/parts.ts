/** The parts of a room that are about moderation, which come with the first room and not with the first screen. */

export { default as Reactions } from '../components/Reactions.svelte'
export { default as Block } from './Block.svelte'
export { default as Deeds } from './Deeds.svelte'
export { default as LevelOffer } from './LevelOffer.svelte'
export { default as Out } from './Out.svelte'
export { default as RoomNotes } from './RoomNotes.svelte'
