# Makes the source of a golden repository and backs it up five times. Run by scripts/golden.ts in an
# empty folder, with HOLDFAST set; the arguments are those of `init`. Contents compress well, so that
# the archive is small, and there is nothing that only root can make or restore.
facts() { bash "$(dirname "$0")/facts.sh" "$1"; }
backup() { sleep 0.1; "$HOLDFAST" --config hf.toml --state job.db backup --accept-deletions; }
# Text that is the same for ever: a file of $1 lines that begin with $2.
lines() { seq "$1" | sed "s/^/$2 line /"; }

mkdir -p src/folder/deep src/empty "src/odd names"
lines 2000 small > src/folder/one
cp src/folder/one src/folder/same
lines 3 tiny > src/folder/deep/three
: > src/nothing
# In packs above chunk_threshold, in several chunks; encrypted as it is it would be too much.
case "$*" in *pack*) count=150000 ;; *) count=3000 ;; esac
seq "$count" | awk '{ printf "%070d\n", int($1 / 50) }' > src/large
printf x > "src/odd names/$(printf 'new\nline')"
printf x > "src/odd names/$(printf 'raw \377\376 bytes')"
printf x > "src/odd names/ends with .holdfast-chunks"
printf x > src/odd\ names/"$(printf 'n%.0s' $(seq 200))"
mkdir src/.holdfast; printf x > src/.holdfast/mine
ln -s folder/one src/link; ln -s /nowhere/at/all src/dangling
ln src/folder/one src/folder/linked
mkfifo src/fifo
truncate -s 300000 src/holes
setfattr -n user.note -v "an attribute" src/folder/one
setfacl -m u:4711:r src/folder/same
chmod 750 src/folder; chmod 600 src/nothing
find src -depth -print0 | xargs -0 touch -h -d '2025-03-01 12:34:56.789012345 UTC'
facts src > first.facts

"$HOLDFAST" --config hf.toml --state job.db --job golden init --source src \
  --repository "file://$PWD/store" "$@"
case "$*" in *pack*) echo 'chunk_threshold = "4 MiB"' >> hf.toml ;; esac
backup
sed -i "$((count / 2))s/.*/one line of the large file is another one now/" src/large
mv src/folder/deep "src/moved deep"; mv src/folder/same src/renamed
backup
rm src/nothing; lines 5 new > src/new; chmod 700 src/folder; cp src/large "src/a copy"
backup
mv src/folder src/moved; touch -d '2025-04-01 UTC' src/new
backup
rm "src/a copy"; lines 6 newer > src/new
backup
facts src > last.facts
