import { Note } from '../note';

/** Rendered on the server for each visit. */
export const dynamic = 'force-dynamic';

export default function Live() {
  return <Note />;
}
