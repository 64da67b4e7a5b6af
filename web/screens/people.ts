/** Everything about people, in one piece to load: its screens share most of what they are made of. */
export { default as Notices } from './Notices.svelte'
export { default as PeoplePlace } from './PeoplePlace.svelte'
