# Makes the cluster, the user and the database on the first start, then becomes the server.
# POSTGRES_PASSWORD must be set; POSTGRES_USER (postgres), POSTGRES_DB (the user's name) and PGDATA may be.
set -eu
user=${POSTGRES_USER:-postgres}
database=${POSTGRES_DB:-$user}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD: the database is reachable for every pod}"
  # Made aside and moved when complete, so that a pod killed here starts over and not with half a database.
  new="$PGDATA.new"
  rm -rf "$new"
  password=$(mktemp)
  printf %s "$POSTGRES_PASSWORD" > "$password"
  initdb --pgdata="$new" --username="$user" --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8
  rm "$password"
  echo 'host all all all scram-sha-256' >> "$new/pg_hba.conf"
  if [ "$database" != postgres ]; then
    echo "CREATE DATABASE \"$database\"" | postgres --single -D "$new" postgres
  fi
  mv "$new" "$PGDATA"
fi
exec postgres -D "$PGDATA" -c listen_addresses='*' -c jit=off "$@"
