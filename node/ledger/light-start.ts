/** What a light start needs, in one piece: no other start loads it. */
export { crewReader } from './crew-reader.ts'
export { openGrowing, openGrowingWith } from './growing.ts'
