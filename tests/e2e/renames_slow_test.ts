/** Renamed folders, as large as those of the benchmark. */
import { testRenamedFolder } from "./renamed_folder.ts";

testRenamedFolder(10_000);
