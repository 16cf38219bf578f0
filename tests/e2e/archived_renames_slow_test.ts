/** A renamed folder of archived files, as large as the goal says. */
import { testArchivedRename } from "./archived_renames.ts";

testArchivedRename(10_000);
