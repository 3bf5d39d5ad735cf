import { Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormEvent, useState } from "react";
import { ApiError } from "../../api/client";
import { useSignIn } from "../../api/session";
import { Logo } from "../../components/Logo";
import { Notice } from "../../components/Notice";
import { problemText } from "../../components/screens";
import classes from "./sign-in.module.css";

export function SignInPage() {
  const signIn = useSignIn();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const fields = signIn.error instanceof ApiError ? signIn.error.fields : {};
  const submit = (event: FormEvent) => {
    event.preventDefault();
    signIn.mutate({ username, password });
  };
  return (
    <main className={classes.page}>
      <form className={classes.card} onSubmit={submit} aria-labelledby="sign-in-title">
        <Logo size={36} />
        <h1 id="sign-in-title" className={classes.title}>
          Sign in to MeshUI
        </h1>
        <p className={classes.lead}>See the mesh as it is now, and steer it safely.</p>
        {signIn.isError && (
          <Notice tone="bad" role="alert">
            {problemText(signIn.error).message}
          </Notice>
        )}
        <TextInput
          label="User name"
          name="username"
          size="sm"
          autoComplete="username"
          autoFocus
          required
          withAsterisk={false}
          value={username}
          error={fields.username}
          onChange={(event) => setUsername(event.currentTarget.value)}
        />
        <PasswordInput
          label="Password"
          name="password"
          size="sm"
          autoComplete="current-password"
          required
          withAsterisk={false}
          value={password}
          error={fields.password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" size="sm" fullWidth mt={6} loading={signIn.isPending}>
          Sign in
        </Button>
      </form>
    </main>
  );
}
